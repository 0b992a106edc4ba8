import { serveOnnxWorker } from '@perstream/backends/onnx'

serveOnnxWorker()
