import { visionEncoderContract } from '@perstream/conformance'
import { collect } from '@perstream/kit'
import type { GenerateOptions, PatchGrid, PromptPart, PromptTurn, TensorHandle, TensorSession } from '@perstream/spec'
import { afterAll, describe, expect, it } from 'vitest'
import { difference, modelFolder, readGolden, tinyModels, turnsOf } from '../../../test/golden'
import { createOnnxRuntime } from '../../onnx'
import type { LanguageModelParts } from '../language-model-parts'
import { openLanguageModel } from '../open-language-model'
import { shared } from '../test-material'
import type { KeptPrefix } from './kept-prefix'
import { createLanguageModel } from './language-model'
import { createQwenVisionEncoder } from './qwen-vision-encoder'

const runtime = createOnnxRuntime({ threads: 1, worker: false })
const opened = new Map<string, Promise<LanguageModelParts>>()
const open = (name: string) => {
  const parts = opened.get(name) ?? openLanguageModel(modelFolder(name), { runtime, device: 'cpu', from: 'onnx' })
  opened.set(name, parts)
  return parts
}
afterAll(async () => {
  for (const parts of opened.values()) await (await parts)[Symbol.asyncDispose]()
})

const text = (value: string) => ({ kind: 'text', text: value }) as const
const turn = (...parts: PromptTurn['parts']): PromptTurn => ({ role: 'user', parts })
const vl = 'tiny-qwen2.5-vl'

/** Counts the handles of a model's sessions that nobody let go of. */
function countHandles(parts: LanguageModelParts): {
  parts: LanguageModelParts
  live: Set<TensorHandle>
  runs: () => number
} {
  const live = new Set<TensorHandle>()
  let runs = 0
  const watch = (session: TensorSession): TensorSession => ({
    ...session,
    async runHeld(feeds, options) {
      runs++
      const outputs = await session.runHeld(feeds, options)
      const watched: Record<string, TensorHandle> = {}
      for (const [name, inner] of Object.entries(outputs)) {
        const handle: TensorHandle = {
          type: inner.type,
          shape: inner.shape,
          read: (call) => {
            if (!live.has(handle)) throw new Error(`${name} was read after it was disposed`)
            return inner.read(call)
          },
          [Symbol.dispose]() {
            live.delete(handle)
            inner[Symbol.dispose]()
          },
        }
        live.add(handle)
        watched[name] = handle
      }
      return watched
    },
  })
  return {
    parts: { ...parts, embed: watch(parts.embed), decoder: parts.decoder.map(watch) },
    live,
    runs: () => runs,
  }
}

describe.skipIf(!shared)('a language model in use (skipped without shared material)', () => {
  const watched = async (name = vl) => {
    const watch = countHandles(await open(name))
    return { ...watch, model: await createLanguageModel(watch.parts, { endTokens: [] }) }
  }
  const prompt = [turn(text('Where are my keys?'))]

  it('frees everything at the end, when the loop is left, on an abort and on a failure', async () => {
    const { model, live } = await watched()
    await collect(model.generate(prompt, { maxNewTokens: 5 }))
    expect(live.size).toBe(0)
    for await (const piece of model.generate(prompt)) {
      expect(piece).not.toBe('')
      expect(live.size).toBeGreaterThan(0)
      break
    }
    expect(live.size).toBe(0)
    const controller = new AbortController()
    const reason = new Error('enough')
    let tokens = 0
    const onToken = () => {
      if (++tokens === 3) controller.abort(reason)
    }
    await expect(collect(model.generate(prompt, { signal: controller.signal, onToken }))).rejects.toBe(reason)
    expect(tokens).toBe(3)
    expect(live.size).toBe(0)
    const fail = () => {
      throw reason
    }
    await expect(collect(model.generate(prompt, { onToken: fail }))).rejects.toBe(reason)
    expect(live.size).toBe(0)
    await model.score(prompt, ['yes', 'no, not at all'])
    expect(live.size).toBe(0)
  })

  it('runs nothing before it is asked for, and nothing after an abort', async () => {
    const { model, runs } = await watched()
    model.generate(prompt)
    await expect(collect(model.generate(prompt, { signal: AbortSignal.abort('no') }))).rejects.toBe('no')
    expect(runs()).toBe(0)
  })

  it('writes several replies at once as it writes them alone', async () => {
    const { model, live } = await watched()
    const prompts = ['Where are my keys?', 'Who was here?', 'yes or no'].map((words) => [turn(text(words))])
    const write = async (one: PromptTurn[]) => (await collect(model.generate(one, { maxNewTokens: 6 }))).join('')
    const alone = [await write(prompts[0]!), await write(prompts[1]!), await write(prompts[2]!)]
    expect(await Promise.all(prompts.map(write))).toEqual(alone)
    expect(live.size).toBe(0)
  })

  it.each(tinyModels)('keeps the beginning of prompts, with what is seen in it (%s)', async (name) => {
    const { model, live, runs } = await watched(name)
    const golden = await readGolden(name)
    const [pixels] = turnsOf(golden, golden.pixel_cases[0]!, model.space!)
    const injected = turnsOf(golden, golden.injected_cases[4]!, model.space!)[0]!.parts
    const seen: PromptPart[] = [...pixels!.parts, ...injected.slice(0, 4)]
    const write = async (options: { readonly prefix?: KeptPrefix }) =>
      (await collect(model.generate([turn(...seen, text('Where?'))], { maxNewTokens: 6, ...options }))).join('')
    const plain = await write({})
    const prefix = await model.keepPrefix([turn(...seen)])
    const held = live.size
    expect(held).toBeGreaterThan(0)
    const before = runs()
    expect(await Promise.all([write({ prefix }), write({ prefix })])).toEqual([plain, plain])
    expect(runs() - before).toBe(2 * 2 * 6)
    expect(live.size).toBe(held)
    const asked = [turn(...seen, text('Where?'))]
    const [kept] = await model.scoreTokens(asked, ['at home'], { prefix })
    const [whole] = await model.scoreTokens(asked, ['at home'])
    expect(difference(kept!.logProbabilities, whole!.logProbabilities)).toBeLessThan(1e-4)

    const reply = model.generate(asked, { prefix })[Symbol.asyncIterator]()
    await reply.next()
    await prefix[Symbol.asyncDispose]()
    expect((await reply.next()).done).toBe(false)
    await reply.return?.()
    expect(live.size).toBe(0)
    await expect(write({ prefix })).rejects.toMatchObject({ code: 'input-invalid' })
  })

  it('keeps whole turns of words, and refuses prompts that begin otherwise', async () => {
    const { model } = await watched()
    const golden = await readGolden(vl)
    const data = golden.floats('pooled.C.2x2')
    const grid: PatchGrid = { data, rows: 2, columns: 2, dimensions: 64, space: model.space! }
    const first: PromptTurn[] = [
      { role: 'system', parts: [text('Be short.')] },
      { role: 'user', parts: [{ kind: 'embedding', grid }, text('Who?')] },
    ]
    const later: PromptTurn[] = [{ role: 'assistant', parts: [text('Ann.')] }, turn(text('Where?'))]
    await using prefix = await model.keepPrefix(first)
    expect(prefix.tokens).toBeGreaterThan(10)
    const write = (turns: readonly PromptTurn[]) => collect(model.generate(turns, { prefix, maxNewTokens: 2 }))
    await write([...first, ...later])
    const changed = { ...grid, data: data.slice() }
    changed.data[70]! += 1e-3
    await expect(
      write([first[0]!, turn({ kind: 'embedding', grid: changed }, text('Who?')), ...later]),
    ).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('image 0 is another one'),
    })
    const words = { code: 'input-invalid', message: expect.stringContaining('they part at token') }
    await expect(write([first[0]!, turn(text('Who?'))])).rejects.toMatchObject(words)
    const other = await createLanguageModel(await open(vl))
    const foreign = { code: 'input-invalid', message: expect.stringContaining('not kept by this model') }
    await expect(collect(other.generate(first, { prefix }))).rejects.toMatchObject(foreign)
    data[0]! += 1
    const old = { ...grid, data: golden.floats('pooled.C.2x2') }
    await write([first[0]!, turn({ kind: 'embedding', grid: old }, text('Who?')), ...later])
  })

  it('encodes frames as images of prompts are, and reads the grids in their place', async () => {
    const parts = await open(vl)
    const golden = await readGolden(vl)
    const encoder = await createQwenVisionEncoder(parts)
    const model = await createLanguageModel(parts, { endTokens: [] })
    const image = golden.image('image.B')
    const frame = { pixels: async () => image } as never
    const [grid] = await encoder.encode([frame])
    expect([grid!.rows, grid!.columns, grid!.dimensions]).toEqual([4, 5, 64])
    expect(difference(grid!.data, golden.floats('image_features.B'))).toBeLessThan(1e-4)
    const write = async (part: PromptPart) =>
      collect(model.generate([turn(part, text('What is worth remembering?'))], { maxNewTokens: 8 }))
    expect(await write({ kind: 'embedding', grid: grid! })).toEqual(await write({ kind: 'image', image }))
    const pooled = await createQwenVisionEncoder(parts, { pool: { rows: 4, columns: 4 } })
    expect(difference((await pooled.encode([frame]))[0]!.data, golden.floats('pooled.B.4x4'))).toBeLessThan(1e-4)
  })

  it('reads any number of rows', async () => {
    const { model } = await watched()
    for (const [rows, columns] of [
      [1, 1],
      [1, 13],
      [7, 1],
      [3, 4],
    ] as const) {
      const data = Float32Array.from({ length: rows * columns * 64 }, (_, i) => Math.sin(i))
      const grid = { data, rows, columns, dimensions: 64, space: model.space! }
      await collect(model.generate([turn({ kind: 'embedding', grid }, text('Who?'))], { maxNewTokens: 2 }))
    }
  })

  describe('with bad input', () => {
    const fill = (dimensions: number, space: string, value = 0.5): PromptPart => ({
      kind: 'embedding',
      grid: { data: new Float32Array(dimensions * 2).fill(value), rows: 1, columns: 2, dimensions, space },
    })
    it.each<[string, (space: string) => readonly PromptTurn[], GenerateOptions, object]>([
      ['no turns', () => [], {}, { name: 'TypeError', message: expect.stringContaining('prompt has no turns') }],
      [
        'a turn without parts',
        () => [turn()],
        {},
        { name: 'TypeError', message: expect.stringContaining('parts is empty') },
      ],
      [
        'an unknown role',
        () => [{ role: 'judge' as never, parts: [text('a')] }],
        {},
        { name: 'TypeError', message: expect.stringContaining('prompt[0].role is "judge"') },
      ],
      [
        'another width',
        (space) => [turn(fill(48, space))],
        {},
        { code: 'input-invalid', message: expect.stringMatching(/48 dimensions, the model reads 64/) },
      ],
      [
        'another space',
        () => [turn(fill(64, 'clip'))],
        {},
        { code: 'space-mismatch', message: expect.stringMatching(/"clip".*"qwen2_5_vl-64"/) },
      ],
      [
        'a NaN',
        (space) => [turn(fill(64, space, Number.NaN))],
        {},
        { code: 'input-invalid', message: expect.stringContaining('NaN in row 0') },
      ],
      [
        'too long a prompt',
        () => prompt,
        { maxNewTokens: 4090 },
        { code: 'prompt-too-long', message: expect.stringMatching(/has \d+ tokens and 4090 more.*has 4096/) },
      ],
      [
        'a temperature below 0',
        () => prompt,
        { temperature: -1 },
        { name: 'TypeError', message: expect.stringContaining('temperature is -1') },
      ],
      [
        'an empty stop string',
        () => prompt,
        { stop: [''] },
        { name: 'TypeError', message: expect.stringContaining('stop has an empty') },
      ],
      [
        'no new tokens',
        () => prompt,
        { maxNewTokens: 0 },
        { name: 'TypeError', message: expect.stringContaining('maxNewTokens is 0') },
      ],
      ['topK of 0', () => prompt, { topK: 0 }, { name: 'TypeError', message: expect.stringContaining('topK is 0') }],
      ['topP of 2', () => prompt, { topP: 2 }, { name: 'TypeError', message: expect.stringContaining('topP is 2') }],
    ])('refuses %s', async (_, turns, options, error) => {
      const model = await createLanguageModel(await open(vl))
      await expect(collect(model.generate(turns(model.space!), options))).rejects.toMatchObject(error)
    })

    it('refuses images where nothing sees', async () => {
      const image = { data: new Uint8Array(3), width: 1, height: 1 }
      const seeing = [turn({ kind: 'image', image })]
      const { vision: _, ...blind } = await open(vl)
      const withoutTower = await createLanguageModel(blind)
      await expect(collect(withoutTower.generate(seeing))).rejects.toMatchObject({ code: 'model-unsupported' })
      await collect(withoutTower.generate([turn(fill(64, withoutTower.space!))], { maxNewTokens: 1 }))
      await expect(createQwenVisionEncoder(blind)).rejects.toMatchObject({ code: 'model-unsupported' })
      const words = await createLanguageModel(await open('SmolLM2-135M-Instruct'))
      await expect(collect(words.generate(seeing))).rejects.toMatchObject({ code: 'model-unsupported' })
    })

    it('refuses a tokenizer or preprocessor of another model', async () => {
      const parts = await open(vl)
      const small = await open('SmolLM2-135M-Instruct')
      const omni = await open('tiny-qwen2.5-omni-thinker')
      const qwen3 = await open('tiny-qwen3-vl')
      const invalid = (message: RegExp) => ({ code: 'model-invalid', message: expect.stringMatching(message) })
      await expect(createLanguageModel({ ...parts, readText: small.readText })).rejects.toMatchObject(
        invalid(/49152 tokens.*755/),
      )
      await expect(createLanguageModel({ ...parts, readText: omni.readText })).rejects.toMatchObject(
        invalid(/758 tokens.*755/),
      )
      await expect(createLanguageModel({ ...small, readText: parts.readText })).rejects.toMatchObject(
        invalid(/only 755 tokens.*49152/),
      )
      const readText = (name: string) => (name === 'preprocessor_config.json' ? qwen3 : parts).readText(name)
      await expect(createLanguageModel({ ...parts, readText })).rejects.toMatchObject(invalid(/patch_size 16.*14/))
    })

    it('refuses sessions that are no decoder', async () => {
      const parts = await open(vl)
      await expect(createLanguageModel({ ...parts, decoder: [parts.embed] })).rejects.toMatchObject({
        code: 'model-invalid',
      })
    })
  })
})

for (const name of shared ? tinyModels : []) {
  visionEncoderContract(name, { create: async () => createQwenVisionEncoder(await open(name)) })
}
