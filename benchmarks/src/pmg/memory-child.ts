import { createVectors, dimensions, fillGraph } from './boxes'

const [size, kind] = process.argv.slice(2) as [string, string]
const vectors = createVectors()
const before = bytesInUse()
const graph = await fillGraph(Number(size), vectors, kind === 'linked')
const { textBytes, memories } = graph.stats()
process.send!((bytesInUse() - before) / (textBytes + memories * dimensions * 5))

/** Bytes of the heap, and of the memory outside it: vectors and indexes. */
function bytesInUse(): number {
  globalThis.gc!()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
