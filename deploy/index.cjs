// Serverless Devs loads this as the component `sls`. It requires CommonJS and loads this file before any action of
// s.yaml has run, so nothing built may be needed here: tsx loads the sources, as for `npm start`.
const { require: load } = require('tsx/cjs/api');

module.exports = load('./component.ts', __filename).SlsComponent;
