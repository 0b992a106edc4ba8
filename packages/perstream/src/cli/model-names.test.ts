import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nearNames } from './model-names'
import { modelsFolder } from './models-folder'
import { matcherOf } from './models-pull'

describe('nearNames', () => {
  const names = ['sentence-transformers/all-MiniLM-L6-v2', 'Qwen/Qwen2-VL-2B-Instruct', 'all-MiniLM-L6-v2-f32', 'small']

  it('finds what differs in a few letters, with or without the owner, the nearest first', () => {
    expect(nearNames('all-MiniLM-L6-v3', names)).toEqual([
      'sentence-transformers/all-MiniLM-L6-v2',
      'all-MiniLM-L6-v2-f32',
    ])
    expect(nearNames('sentence-transfomers/all-minilm-l6-v2', names)[0]).toBe('sentence-transformers/all-MiniLM-L6-v2')
    expect(nearNames('smal', names)).toEqual(['small'])
    expect(nearNames('minilm', names)).toEqual(['sentence-transformers/all-MiniLM-L6-v2', 'all-MiniLM-L6-v2-f32'])
  })

  it('finds nothing for what is called otherwise', () => {
    expect(nearNames('whisper-tiny.en', names)).toEqual([])
    expect(nearNames('x', [])).toEqual([])
  })
})

describe('modelsFolder', () => {
  it('takes the option, then PERSTREAM_MODELS, then the cache folder', () => {
    const environment = { PERSTREAM_MODELS: '/disk/models', XDG_CACHE_HOME: '/cache' }
    expect(modelsFolder({ models: 'here' }, environment)).toBe(resolve('here'))
    expect(modelsFolder({}, environment)).toBe(resolve('/disk/models'))
    expect(modelsFolder({}, { ...environment, PERSTREAM_MODELS: '' })).toBe(resolve('/cache/perstream/models'))
  })

  it.skipIf(process.platform !== 'linux')('has a usual place (skipped: not Linux)', () => {
    expect(modelsFolder({}, {})).toBe(join(homedir(), '.cache/perstream/models'))
  })
})

describe('matcherOf', () => {
  it.each([
    [['*.json'], 'config.json', true],
    [['*.json'], '1_Pooling/config.json', true],
    [['*.json'], 'config.jsonl', false],
    [['onnx/*'], 'onnx/model.onnx', true],
    [['model.safetensors'], 'modelXsafetensors', false],
    [['part-?.bin', 'a*'], 'part-7.bin', true],
    [['part-?.bin'], 'part-17.bin', false],
    [['a+(b)*'], 'a+(b)c', true],
  ])('%j for %s: %s', (globs, path, matches) => {
    expect(matcherOf(globs)(path)).toBe(matches)
  })
})
