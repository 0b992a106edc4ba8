import { visionEncoderContract } from '@perstream/conformance'
import { poolGrid } from '@perstream/kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTransformersVisionEncoder } from '../transformers'
import { frameOf, type LookAlikeFolder, lookAlikeFolder, patchRowsPlainly, picture } from './look-alikes'
import { processor, projection, settings, size, visionGraph, width } from './tiny-vision'

const families = [
  { type: 'siglip', file: 'vision_model', prefix: 0, config: { vision_config: settings } },
  { type: 'clip', file: 'vision_model', prefix: 1, config: { vision_config: settings } },
  { type: 'dinov2', file: 'model', prefix: 1, config: settings },
  { type: 'dinov2_with_registers', file: 'model', prefix: 5, config: { ...settings, num_register_tokens: 4 } },
  { type: 'dinov3_vit', file: 'model', prefix: 5, config: { ...settings, num_register_tokens: 4 } },
  { type: 'deit', file: 'model', prefix: 2, config: settings },
]
const folders = new Map<string, LookAlikeFolder>()

beforeAll(async () => {
  for (const { type, file, prefix, config } of families) {
    const folder = await lookAlikeFolder()
    folders.set(type, folder)
    await folder.json('config.json', { model_type: type, ...config })
    await folder.json('preprocessor_config.json', { ...processor, size: { width: 48, height: 32 } })
    await folder.model(file, visionGraph(prefix))
  }
})
afterAll(() => Promise.all([...folders.values()].map((folder) => folder.remove())))

const open = (type: string) => createTransformersVisionEncoder({ model: folders.get(type)!.path, device: 'cpu' })

describe.each(families)('grids of a $type look-alike', ({ type }) => {
  it('are the patches in their places, without the tokens before them', async () => {
    await using encoder = await open(type)
    const pictures = [picture(48, 32), picture(48, 32, 2)]
    const grids = await encoder.encode(pictures.map((image, i) => frameOf(image, i)))
    expect(grids).toHaveLength(2)
    grids.forEach(({ data, ...grid }, i) => {
      expect(grid).toEqual({ rows: 4, columns: 6, dimensions: width, space: encoder.space })
      const expected = patchRowsPlainly(pictures[i]!, projection, size).flat()
      expect(data.length).toBe(expected.length)
      expect(Math.max(...expected.map((value, k) => Math.abs(value - data[k]!)))).toBeLessThan(1e-5)
    })
  })
})

it('pools grids to the size that is asked for', async () => {
  const { path } = folders.get('dinov2')!
  await using encoder = await createTransformersVisionEncoder({
    model: path,
    device: 'cpu',
    pool: { rows: 2, columns: 3 },
  })
  const frames = [frameOf(picture(48, 32), 0)]
  const [pooled] = await encoder.encode(frames)
  await using whole = await open('dinov2')
  expect(pooled).toEqual(poolGrid((await whole.encode(frames))[0]!, 2, 3))
})

visionEncoderContract('a DINOv2 look-alike', { create: () => open('dinov2') })

describe('a vision encoder', () => {
  it('crops the middle where the settings of the model say so', async () => {
    const folder = await lookAlikeFolder()
    await folder.json('config.json', { model_type: 'clip', vision_config: settings })
    const crop = { size: { shortest_edge: 32 }, do_center_crop: true, crop_size: { width: 32, height: 32 } }
    await folder.json('preprocessor_config.json', {
      ...processor,
      ...crop,
      image_processor_type: 'CLIPImageProcessorFast',
    })
    await folder.model('vision_model', visionGraph(1))
    await using encoder = await createTransformersVisionEncoder({ model: folder.path, device: 'cpu', space: 'mine' })
    const wide = picture(48, 32)
    const [grid] = await encoder.encode([frameOf(wide)])
    expect(grid).toMatchObject({ rows: 4, columns: 4, space: 'mine' })
    const middle = patchRowsPlainly(wide, projection, size).filter((_, i) => i % 6 > 0 && i % 6 < 5)
    const expected = middle.flat()
    expect(Math.max(...expected.map((value, k) => Math.abs(value - grid!.data[k]!)))).toBeLessThan(1e-5)
    await folder.remove()
  })

  it('says what does not fit', async () => {
    const folder = await lookAlikeFolder()
    const model = folder.path
    await expect(createTransformersVisionEncoder({ model })).rejects.toMatchObject({ code: 'model-missing' })
    await folder.json('preprocessor_config.json', { ...processor, size: { width: 32, height: 32 } })
    await folder.json('config.json', { model_type: 'resnet' })
    await expect(createTransformersVisionEncoder({ model })).rejects.toThrow(/type is "resnet"/)
    await folder.json('config.json', { model_type: 'dinov2', ...settings })
    await folder.model('model', visionGraph(0, 'image_embeds'))
    await expect(createTransformersVisionEncoder({ model })).rejects.toThrow(/no output "last_hidden_state"/)
    await folder.model('model', visionGraph(0))
    await using wrong = await createTransformersVisionEncoder({ model, device: 'cpu' })
    await expect(wrong.encode([frameOf(picture(32, 32))])).rejects.toThrow(/16 tokens of width 12, where .* 1 \+ 4 x 4/)
    await folder.remove()
  })
})
