// Stands in for lz4-napi in the bundles: the official gateway loads it at start, we only ever use deflate and gzip.
const refuse = () => {
  throw new Error('lz4 is not part of this bundle: ask SLS for deflate or gzip');
};
module.exports = { compress: refuse, uncompress: refuse, compressSync: refuse, uncompressSync: refuse };
