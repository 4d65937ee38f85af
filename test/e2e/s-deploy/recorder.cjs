// Stands in for the component fc3 in a copy of s.yaml: it writes down what it would have been given.
const { appendFileSync } = require('node:fs');

const note = (method) => async (inputs) => {
  const { resource, props } = inputs;
  appendFileSync(process.env.RECORD_TO, `${JSON.stringify({ method, resource: resource.name, props })}\n`);
  return { recorded: true };
};

module.exports = class {
  deploy = note('deploy');
  plan = note('plan');
  info = note('info');
  remove = note('remove');
};
