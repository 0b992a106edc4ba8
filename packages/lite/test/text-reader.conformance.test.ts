import { createOnnxRuntime } from '@perstream/backends/onnx'
import { textReaderContract } from '@perstream/conformance'
import { createPpOcrReader } from '../src/ppocr-reader'
import { draw } from './pictures'

const lines = ['Dr. Miller', 'Tuesday 14 March', '10:30 Room 4.12']

textReaderContract('PP-OCR', {
  create: () => createPpOcrReader({ runtime: createOnnxRuntime() }),
  lines,
  picture: () =>
    draw(640, 360, (context) => {
      context.fillStyle = '#222'
      context.font = '36px Roboto'
      for (const [row, line] of lines.entries()) context.fillText(line, 60, 120 + row * 60)
    }),
})
