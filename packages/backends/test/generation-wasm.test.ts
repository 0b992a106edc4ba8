import { testGeneration } from './generation-devices'

await testGeneration('wasm')
