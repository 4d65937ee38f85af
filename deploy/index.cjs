// What Serverless Devs loads as the component `sls`. It requires CommonJS and reads this file before any action of
// s.yaml has run, so nothing built may be needed here: tsx loads the sources, as it does for `npm start`.
const { require: load } = require('tsx/cjs/api');

module.exports = load('./component.ts', __filename).SlsComponent;
