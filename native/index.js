// Loads the addon: a prebuilt one when the package ships it, else the one `npm run build` made.
const addon = require('node-gyp-build')(__dirname);

// Name by name, so that ES modules can import them by name.
exports.dropReasons = addon.dropReasons;
exports.libbpfVersion = addon.libbpfVersion;
exports.lockDown = addon.lockDown;
exports.openCapture = addon.openCapture;
exports.openInventory = addon.openInventory;
exports.quietMs = addon.quietMs;
