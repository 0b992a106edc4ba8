import type { Tensor, TensorHandle, TensorRuntime, TensorSession } from '@perstream/spec'
import * as ort from 'onnxruntime-node'

/** ONNX Runtime on the CPU behind the interface, as little of it as the reader needs. */
export function createTestRuntime(): TensorRuntime {
  return {
    name: 'onnxruntime-node',
    capabilities: async () => [
      { device: 'cpu', available: true, detail: 'onnxruntime-node', elementTypes: ['float32'] },
    ],
    async open(model, { threads = 1 } = {}): Promise<TensorSession> {
      if (!('path' in model)) throw new TypeError('the test runtime opens paths only')
      const session = await ort.InferenceSession.create(model.path, { intraOpNumThreads: threads })
      const spec = (name: string) => ({ name, type: 'float32' as const, shape: [] })
      return {
        device: 'cpu',
        inputs: session.inputNames.map(spec),
        outputs: session.outputNames.map(spec),
        async run(feeds) {
          const given = Object.entries(feeds).map(([name, value]) => [name, toOrt(value)])
          const results = await session.run(Object.fromEntries(given))
          return Object.fromEntries(
            Object.entries(results).map(([name, { data, dims }]) => [
              name,
              { type: 'float32', shape: dims, data: data as Float32Array } satisfies Tensor,
            ]),
          )
        },
        [Symbol.asyncDispose]: () => session.release(),
      }
    },
  }
}

function toOrt(value: Tensor | TensorHandle): ort.Tensor {
  if (!('data' in value)) throw new TypeError('the test runtime takes tensors on the CPU only')
  return new ort.Tensor('float32', value.data as Float32Array, value.shape)
}
