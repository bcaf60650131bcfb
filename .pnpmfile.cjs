/** layered-loader asks for Node 22 and runs on Node 20, on which the benchmarks compare with it. */
function readPackage(manifest) {
  if (manifest.name === 'layered-loader') delete manifest.engines
  return manifest
}

module.exports = { hooks: { readPackage } }
