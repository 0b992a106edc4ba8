import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createGraph, encodeModel, type SafetensorsInput, writeSafetensors } from '@perstream/onnx'
import type { PatchGrid, Tensor } from '@perstream/spec'
import { describe, expect, it } from 'vitest'
import { offerSoftwareAdapter } from '../../test/onnx-devices'
import { createOnnxRuntime } from '../onnx'
import { createSpatialProjection } from './spatial-projection'
import { largestDifference, readGolden, shared } from './test-material'

/** C1-mlp-tiny of the conformance vectors: 3 -> 6 -> 3 -> 2. */
const tiny: Readonly<Record<string, readonly number[]>> = {
  'patch_projection.0.weight': [
    ...[-0.75, 0, 0.75, -0.25, 0.5, -0.5, 0.25, -0.75, 0],
    ...[0.75, -0.25, 0.5, -0.5, 0.25, -0.75, 0, 0.75, -0.25],
  ],
  'patch_projection.0.bias': [-0.1, 0, 0.1, 0.2, 0.3, 0.4],
  'patch_projection.1.weight': [1, 1.1, 1.2, 1.3, 1.4, 1.5],
  'patch_projection.1.bias': [0, 0.05, 0.1, 0.15, 0.2, 0.25],
  'patch_projection.4.weight': [
    ...[-0.8, 0.2, -0.6, 0.4, -0.4, 0.6],
    ...[-0.2, 0.8, 0, -0.8, 0.2, -0.6],
    ...[0.4, -0.4, 0.6, -0.2, 0.8, 0],
  ],
  'patch_projection.4.bias': [0.1, 0.2, 0.3],
  'patch_projection.5.weight': [1, 1.1, 1.2],
  'patch_projection.5.bias': [0, 0.05, 0.1],
  'patch_projection.8.weight': [-0.666667, 0, 0.666667, -0.333333, 0.333333, -0.666667],
  'patch_projection.8.bias': [-0.1, 0.1],
}
const tinyShapes: Readonly<Record<string, readonly number[]>> = {
  'patch_projection.0.weight': [6, 3],
  'patch_projection.4.weight': [3, 6],
  'patch_projection.8.weight': [2, 3],
}

async function tinyFile(change: (tensors: Map<string, SafetensorsInput>) => void = () => {}): Promise<Uint8Array> {
  const tensors = new Map(
    Object.entries(tiny).map(([name, values]): [string, SafetensorsInput] => {
      const data = new Uint8Array(Float32Array.from(values).buffer)
      return [name, { name, type: 'F32', shape: tinyShapes[name] ?? [values.length], data }]
    }),
  )
  change(tensors)
  const bytes: number[] = []
  const sink = { write: async (piece: Uint8Array) => void bytes.push(...piece) }
  await writeSafetensors(sink, [...tensors.values()], { metadata: { from: 'eyes', to: 'words' } })
  return Uint8Array.from(bytes)
}

const grid = (values: readonly number[], dimensions: number, space = 'eyes'): PatchGrid => {
  return { data: Float32Array.from(values), rows: 1, columns: values.length / dimensions, dimensions, space }
}
offerSoftwareAdapter()
const runtime = createOnnxRuntime({ threads: 1 })
const open = (bytes: Uint8Array) => createSpatialProjection({ weights: { bytes }, runtime, device: 'cpu' })
const devices = (await runtime.capabilities()).filter(({ device }) => ['cpu', 'wasm', 'webgpu'].includes(device))
const patches = grid([1, 2, 3, -1, 0.5, 0], 3)

describe('createSpatialProjection', () => {
  for (const { device, available, detail } of devices) {
    const title = `projects as the prototype does on ${device} (C1-mlp-tiny)`
    it.skipIf(!available)(available ? title : `${title} (skipped: ${detail})`, async () => {
      await using projection = await createSpatialProjection({ weights: { bytes: await tinyFile() }, runtime, device })
      expect(projection).toMatchObject({ from: 'eyes', to: 'words', inputDimensions: 3, dimensions: 2 })
      const vectors = await projection.project(patches)
      const expected = [-0.411569, -0.4679, 1.16325, -1.053176]
      expect(vectors.length).toBe(2)
      const found = vectors.flatMap((vector) => [...vector])
      expect(largestDifference(found, expected)).toBeLessThan(2e-6)
      const [pooled] = await projection.projectPooled([patches])
      expect(largestDifference(pooled!, [0.37584, -0.760538])).toBeLessThan(2e-6)
    })
  }

  it('takes an ONNX model, with the spaces it names', async () => {
    const graph = createGraph()
    const twice = graph.node('Mul', [graph.input('x', 'float32', ['n', 2]), graph.scalar(2)])
    graph.output('y', twice, 'float32', ['n', 2])
    await using projection = await open(encodeModel({ ...graph.build(), metadata: { from: 'eyes' } }))
    expect(projection).toMatchObject({ from: 'eyes', to: 'text-2' })
    expect(await projection.project(grid([1, 2, 3, 4], 2))).toEqual([Float32Array.of(2, 4), Float32Array.of(6, 8)])
  })

  const broken: readonly [what: string, change: (tensors: Map<string, SafetensorsInput>) => void, message: RegExp][] = [
    [
      'a tensor that is missing',
      (tensors) => tensors.delete('patch_projection.5.bias'),
      /no tensor "patch_projection.5.bias"/,
    ],
    ['no tensor of the network at all', (tensors) => tensors.clear(), /no tensor "patch_projection.0.weight"/],
    [
      'a norm of another width',
      (tensors) => replace(tensors, 'patch_projection.1.weight', [7]),
      /1.weight" .* is \[7\]: it must be 6/,
    ],
    [
      'layers that do not follow',
      (tensors) => replace(tensors, 'patch_projection.8.weight', [2, 4]),
      /8.weight" .* is \[2,4\]: it must be 2 x 3/,
    ],
    [
      'a weight that is no matrix',
      (tensors) => replace(tensors, 'patch_projection.0.weight', [18]),
      /0.weight" .* is \[18\]/,
    ],
    ['NaN', (tensors) => replace(tensors, 'patch_projection.8.bias', [2], NaN), /8.bias" .* no numbers/],
    [
      'two projections',
      (tensors) =>
        void tensors.set('other', {
          ...tensors.get('patch_projection.0.weight')!,
          name: 'other.patch_projection.0.weight',
        }),
      /say which by prefix/,
    ],
  ]
  it.each(broken)('refuses %s', async (_, change, message) => {
    const opening = open(await tinyFile(change))
    await expect(opening).rejects.toMatchObject({ code: 'model-invalid', message: expect.stringMatching(message) })
  })

  it('refuses a model that is no projection, and a file that is not there', async () => {
    const graph = createGraph()
    graph.output('y', graph.input('x', 'float32', ['n', 2, 2]), 'float32', ['n', 2, 2])
    await expect(open(encodeModel(graph.build()))).rejects.toMatchObject({ code: 'model-invalid' })
    const missing = createSpatialProjection({ weights: { path: '/nowhere/projection_mlp.pt' }, runtime })
    await expect(missing).rejects.toMatchObject({ code: 'model-missing' })
  })

  it('refuses grids of another space or width, and values that are no numbers', async () => {
    await using projection = await open(await tinyFile())
    const project = (given: PatchGrid) => projection.project(given)
    await expect(project({ ...patches, space: 'ears' })).rejects.toMatchObject({ code: 'space-mismatch' })
    await expect(project(grid([1, 2], 2))).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringMatching(/2 wide.*3/),
    })
    await expect(project(grid([1, NaN, 2], 3))).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(project({ ...patches, rows: 3 })).rejects.toMatchObject({ code: 'input-invalid' })
    expect(await project(grid([], 3))).toEqual([])
    await expect(projection.projectPooled([grid([], 3)])).rejects.toMatchObject({ code: 'input-invalid' })
  })
})

const golden = shared && join(shared, 'models/projection-mlp-golden')
const skipped = golden ? '' : ' (skipped: no shared material)'

describe('the projection of the prototype', () => {
  it.skipIf(!golden).each([
    ['projection_mlp.pt', undefined],
    ['projection_mlp.legacy-format.pt', undefined],
    ['golden.safetensors', 'best.'],
  ])(`gives the golden vectors from %s${skipped}`, async (name, prefix) => {
    const weights = { path: join(golden!, name) }
    await using projection = await createSpatialProjection({ weights, runtime, device: 'cpu', from: 'eyes', prefix })
    const read = await readGolden(join(golden!, 'golden.safetensors'))
    for (const count of ['16_patches', '64_patches', '1_patch']) {
      const input = read(`forward.input_${count}`)
      const grids = gridsOf(input)
      const pooled = await projection.projectPooled(grids)
      const found = pooled.flatMap((vector) => [...vector])
      expect(largestDifference(found, read(`forward.output_${count}`).data)).toBeLessThan(1e-5)
    }
    const layer = read('forward.after_layer_8_16_patches').data
    const all = await Promise.all(gridsOf(read('forward.input_16_patches')).map((each) => projection.project(each)))
    expect(
      largestDifference(
        all.flat().flatMap((vector) => [...vector]),
        layer,
      ),
    ).toBeLessThan(1e-5)
    expect(projection.to).toBe(name.endsWith('.pt') ? 'all-MiniLM-L6-v2' : 'text-24')
  })

  it.skipIf(!golden)(`refuses the hostile file${skipped}`, async () => {
    const weights = { path: join(golden!, 'evil.pt') }
    const opening = createSpatialProjection({ weights, runtime, device: 'cpu' })
    await expect(opening).rejects.toMatchObject({ code: 'model-invalid', fields: { global: 'posix.system' } })
  })

  it.skipIf(!shared)(`has the parameters of the published size (C2-mlp-params)${skipped}`, async () => {
    const { vectors } = JSON.parse(await readFile(join(shared!, 'reference/vectors.json'), 'utf8')) as {
      vectors: Vector[]
    }
    const { tensors, total } = vectors.find(({ id }) => id === 'C2-mlp-params')!.expected
    const file: SafetensorsInput[] = Object.entries(tensors).map(([name, shape]) => {
      const count = shape.reduce((product, size) => product * size, 1)
      return { name, type: 'BF16', shape, data: new Uint8Array(count * 2) }
    })
    expect(file.reduce((sum, { data }) => sum + (data as Uint8Array).length / 2, 0)).toBe(total)
    const bytes: Uint8Array[] = []
    await writeSafetensors({ write: async (piece) => void bytes.push(piece) }, file)
    await using projection = await open(new Uint8Array(Buffer.concat(bytes)))
    expect(projection).toMatchObject({ from: 'vision-3584', to: 'text-384', inputDimensions: 3584, dimensions: 384 })
  })
})

interface Vector {
  readonly id: string
  readonly expected: { readonly tensors: Readonly<Record<string, number[]>>; readonly total: number }
}

function gridsOf({ data, shape }: Tensor): PatchGrid[] {
  const [batch, count, width] = shape as [number, number, number]
  return Array.from({ length: batch }, (_, i) => ({
    ...{ data: (data as Float32Array).slice(i * count * width, (i + 1) * count * width), space: 'eyes' },
    ...{ rows: count, columns: 1, dimensions: width },
  }))
}

function replace(tensors: Map<string, SafetensorsInput>, name: string, shape: readonly number[], fill = 1): void {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(fill)
  tensors.set(name, { name, type: 'F32', shape, data: new Uint8Array(values.buffer) })
}
