// Loads the addon: a prebuilt one when the package ships it, else the one `npm run build` made.
module.exports = require('node-gyp-build')(__dirname);
