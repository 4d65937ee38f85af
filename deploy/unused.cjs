// Stands in for what the official packages load at start and our bundles never reach: other ways to find
// credentials, their own HTTP sender, WebSockets, proxies, XML, dates. A class, because some of them are named as
// types in model descriptions; nothing makes one.
class Unused {
  constructor() {
    throw new Error(
      'a part of an official package was reached that the bundle leaves out: see deploy/build.mjs',
    );
  }
}
Unused.default = Unused;
module.exports = Unused;
