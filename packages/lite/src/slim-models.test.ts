import { createOnnxRuntime } from '@perstream/backends/onnx'
import { createGraph, encodeModel } from '@perstream/onnx'
import type { Tensor } from '@perstream/spec'
import { expect, it } from 'vitest'
import { giveBytes, keepClasses, takeBytes } from './slim-models'

type Values = Float32Array | Uint8Array

async function run(rewrite: (model: Uint8Array) => Uint8Array, data: Values): Promise<Tensor> {
  const graph = createGraph()
  const x = graph.input('x', 'float32', [1, 'steps', 4])
  graph.output('y', graph.node('Relu', [x]), 'float32', [1, 'steps', 4])
  await using session = await createOnnxRuntime().open(
    { bytes: rewrite(encodeModel(graph.build())) },
    { device: 'cpu' },
  )
  const type = data instanceof Uint8Array ? 'uint8' : 'float32'
  const feed = { type, shape: [1, data.length / 4, 4], data } as const
  const [output] = Object.values(await session.run({ [session.inputs[0]!.name]: feed }))
  return output!
}

it('gives the probabilities of the listed classes, in their order', async () => {
  const kept = await run((model) => keepClasses(model, [3, 0]), Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8))
  expect(kept.shape).toEqual([1, 2, 2])
  expect([...kept.data]).toEqual([4, 1, 8, 5])
})

it('gives probabilities as bytes', async () => {
  const { type, shape, data } = await run(giveBytes, Float32Array.of(0, 0.3, 0.999, 1))
  expect({ type, shape, data: [...data] }).toEqual({ type: 'uint8', shape: [1, 1, 4], data: [0, 76, 255, 255] })
})

it('takes bytes', async () => {
  expect([...(await run(takeBytes, Uint8Array.of(0, 1, 128, 255))).data]).toEqual([0, 1, 128, 255])
})
