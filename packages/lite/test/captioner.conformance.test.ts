import { createOnnxRuntime } from '@perstream/backends/onnx'
import { captionerContract } from '@perstream/conformance'
import type { TextReader } from '@perstream/spec'
import { afterAll } from 'vitest'
import { createLiteCaptioner } from '../src/lite-captioner'
import { createPpOcrReader } from '../src/ppocr-reader'
import { draw } from './pictures'

let reader: Promise<TextReader & AsyncDisposable> | undefined
afterAll(async () => (await reader)?.[Symbol.asyncDispose]())

captionerContract('lite', {
  create: async () => {
    reader ??= createPpOcrReader({ runtime: createOnnxRuntime() })
    return createLiteCaptioner({ reader: await reader })
  },
  pictures: () =>
    [0, 1, 2].map((i) =>
      draw(480, 270, (context) => {
        context.fillStyle = '#222'
        context.font = '32px Roboto'
        context.fillText('Platform 9', 60 + i * 40, 120)
        context.fillText('Kings Cross', 60 + i * 40, 165)
      }),
    ),
})
