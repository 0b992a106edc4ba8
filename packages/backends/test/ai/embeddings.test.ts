import { collect } from '@perstream/kit'
import type { Memory, PatchGrid, RetrievedMemory } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { createVllmEmbeddings } from '../../src/ai'
import type { ContentPart } from './chat-server'
import { failureOf, serve } from './support'

const grid: PatchGrid = {
  data: Float32Array.from({ length: 24 }, (_, i) => i / 4 - 2),
  rows: 2,
  columns: 3,
  dimensions: 4,
  space: 'qwen',
}
const turns = [{ role: 'user', parts: [{ kind: 'embedding', grid }] }] as const

/** What `torch.load` reads: files stored in a ZIP, the raw data among them. The pickle was read by Python once, as below. */
function unzip(bytes: Buffer): Map<string, Buffer> {
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]))
  const files = new Map<string, Buffer>()
  let at = bytes.readUInt32LE(end + 16)
  for (let i = 0; i < bytes.readUInt16LE(end + 10); i++) {
    expect(bytes.readUInt32LE(at)).toBe(0x02014b50)
    const [size, name, local] = [bytes.readUInt32LE(at + 24), bytes.readUInt16LE(at + 28), bytes.readUInt32LE(at + 42)]
    expect(bytes.readUInt32LE(local)).toBe(0x04034b50)
    const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
    files.set(bytes.toString('latin1', at + 46, at + 46 + name), bytes.subarray(from, from + size))
    at += 46 + name
  }
  expect(at).toBe(end)
  return files
}

describe('stored visual embeddings', () => {
  it('are refused for hosted models, before anything is sent', async () => {
    await using it = await serve([{ say: 'A wall.' }])
    const error = await failureOf(collect(it.ai.generator().generate(turns)))
    expect(error).toMatchObject({ code: 'model-unsupported', fields: { space: 'qwen', modelId: 'tiny' } })
    expect(error.message).toContain('--enable-mm-embeds')
    expect(it.server.requests).toHaveLength(0)
  })

  it('go to vLLM as content parts of their own, alone or among others', async () => {
    await using it = await serve([{ say: 'A wall.' }], { embeddings: createVllmEmbeddings({ space: 'qwen' }) })
    await collect(it.ai.generator().generate(turns))
    await collect(
      it.ai.generator().generate([
        {
          role: 'user',
          parts: [
            { kind: 'text', text: 'See' },
            { kind: 'embedding', grid },
          ],
        },
      ]),
    )
    for (const [i, { body }] of it.server.requests.entries()) {
      const content = body.messages[0]!.content as readonly ContentPart[]
      expect(content).toHaveLength(i + 1)
      const part = content.at(-1)! as unknown as {
        type: string
        image_embeds: { image_embeds: string; image_grid_thw: string }
      }
      expect(Object.keys(part)).toEqual(['type', 'image_embeds'])
      expect(part.type).toBe('image_embeds')
      const rows = unzip(Buffer.from(part.image_embeds.image_embeds, 'base64'))
      expect([...rows.keys()]).toEqual(['archive/data.pkl', 'archive/byteorder', 'archive/data/0', 'archive/version'])
      const data = rows.get('archive/data/0')!
      expect(Array.from({ length: 24 }, (_, at) => data.readFloatLE(at * 4))).toEqual([...grid.data])
      const shape = unzip(Buffer.from(part.image_embeds.image_grid_thw, 'base64')).get('archive/data/0')!
      expect([0, 8, 16].map((at) => Number(shape.readBigInt64LE(at)))).toEqual([1, 4, 6])
    }
  })

  it('are written as torch.save writes them', () => {
    const part = createVllmEmbeddings({ space: 'qwen' }).toContentPart(grid) as { image_embeds: Record<string, string> }
    const pickle = unzip(Buffer.from(part.image_embeds.image_embeds!, 'base64')).get('archive/data.pkl')!
    expect(pickle.toString('latin1')).toBe(
      '\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuJ\x18\0\0\0tQ' +
        'J\0\0\0\0(J\x06\0\0\0J\x04\0\0\0t(J\x04\0\0\0J\x01\0\0\0t\x89ccollections\nOrderedDict\n(tRtR.',
    )
  })

  it('go without a grid to models that have none', () => {
    const part = createVllmEmbeddings({ space: 'qwen', gridShape: false }).toContentPart(grid)
    expect(part).toEqual({ type: 'image_embeds', image_embeds: expect.any(String) })
  })

  it('of another space are refused', async () => {
    await using it = await serve([{ say: 'A wall.' }], { embeddings: createVllmEmbeddings({ space: 'other' }) })
    expect(await failureOf(collect(it.ai.generator().generate(turns)))).toMatchObject({
      code: 'space-mismatch',
      fields: { space: 'qwen', expected: 'other' },
    })
    expect(() => createVllmEmbeddings({ space: 'x', mergeSize: 0 })).toThrow(TypeError)
  })

  it('of the moment are shown to an answerer that can look', async () => {
    await using it = await serve([{ say: 'There [1].' }], { embeddings: createVllmEmbeddings({ space: 'qwen' }) })
    const memory = { id: 'a', text: 'A cup.', origin: 'seen', evidence: [], learnedAt: 0 } as unknown as Memory
    const request = {
      question: 'Where?',
      memories: [{ memory } as RetrievedMemory],
      moment: { now: 0, shortTerm: [grid, grid] },
    }
    await collect(it.ai.answerer().answer(request))
    const content = it.server.requests[0]!.body.messages[1]!.content as readonly ContentPart[]
    expect(content.map(({ type }) => type)).toEqual(['image_embeds', 'image_embeds', 'text', 'text', 'text'])
  })
})
