// Replaces what the official packages load at start and our bundles never reach: other ways to find credentials,
// their own HTTP sender, WebSockets, proxies, XML, dates. A class, because some are named as types in model
// descriptions; it is never instantiated.
class Unused {
  constructor() {
    throw new Error(
      'a part of an official package was reached that the bundle leaves out: see deploy/bundle-options.mjs',
    );
  }
}
Unused.default = Unused;
module.exports = Unused;
