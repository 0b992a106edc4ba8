import { testDevice } from './onnx-devices'

await testDevice('wasm')
