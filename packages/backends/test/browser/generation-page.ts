import { createLanguageModel, createQwenVisionEncoder, openServedModel } from '@perstream/backends/models'
import { createOnnxRuntime } from '@perstream/backends/onnx'
import type { Device, PromptTurn } from '@perstream/spec'
import { decodeValue, encodeValue } from './tensor-text'
import { wasmPaths } from './wasm-paths'

/** Writes after prompts in the page, and encodes one image. */
async function write(device: Device, promptsText: string): Promise<string> {
  const prompts = decodeValue(promptsText) as readonly (readonly PromptTurn[])[]
  const runtime = createOnnxRuntime({ wasmPaths })
  await using parts = await openServedModel('/model', { runtime, device })
  const model = await createLanguageModel(parts, { endTokens: [] })
  const tokens: number[][] = []
  const texts: string[] = []
  for (const prompt of prompts) {
    const ids: number[] = []
    let text = ''
    for await (const piece of model.generate(prompt, { maxNewTokens: 8, onToken: ({ id }) => ids.push(id) }))
      text += piece
    tokens.push(ids)
    texts.push(text)
  }
  const part = prompts.flatMap((turns) => turns.flatMap(({ parts }) => parts)).find(({ kind }) => kind === 'image')
  const encoder = await createQwenVisionEncoder(parts)
  const image = part?.kind === 'image' ? part.image : undefined
  const [grid] = await encoder.encode([{ pixels: async () => image } as never])
  return encodeValue({ device: parts.decoder[0]!.device, tokens, texts, grid: grid!.data })
}

Object.assign(globalThis, { write })
