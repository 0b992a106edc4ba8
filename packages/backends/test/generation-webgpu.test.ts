import { testGeneration } from './generation-devices'
import { offerSoftwareAdapter } from './onnx-devices'

offerSoftwareAdapter()
await testGeneration('webgpu', { from: 'checkpoint', pieces: [512] })
