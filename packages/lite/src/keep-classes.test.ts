import { createOnnxRuntime } from '@perstream/backends/onnx'
import { createGraph, encodeModel } from '@perstream/onnx'
import { expect, it } from 'vitest'
import { keepClasses } from './keep-classes'

it('gives the probabilities of the listed classes, in their order', async () => {
  const graph = createGraph()
  graph.output('y', graph.node('Relu', [graph.input('x', 'float32', [1, 'steps', 4])]), 'float32', [1, 'steps', 4])
  const model = keepClasses(encodeModel(graph.build()), [3, 0])
  await using session = await createOnnxRuntime().open({ bytes: model }, { device: 'cpu' })
  const x = { type: 'float32', shape: [1, 2, 4], data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) } as const
  const [kept] = Object.values(await session.run({ x }))
  expect(kept!.shape).toEqual([1, 2, 2])
  expect([...kept!.data]).toEqual([4, 1, 8, 5])
})
