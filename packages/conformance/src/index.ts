export { type MemoryGraphSubject, memoryRetrieverContract, memoryWriterContract } from './memory-graph'
export { type MemoryStoreSubject, memoryStoreContract } from './memory-store'
