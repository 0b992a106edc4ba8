import { offerSoftwareAdapter, testDevice } from './onnx-devices'

offerSoftwareAdapter()
await testDevice('webgpu')
