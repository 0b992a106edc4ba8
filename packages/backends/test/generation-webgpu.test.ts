import { testGeneration } from './generation-devices'
import { offerSoftwareAdapter } from './onnx-devices'

offerSoftwareAdapter()
// The sines and cosines of positions are good to 2e-4 on the software adapter, and WebGPU promises no more than 2 ** -11.
await testGeneration('webgpu', { pieces: [512], cases: 4, tolerance: 1e-2 })
