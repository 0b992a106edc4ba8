import { describe, expect, it } from 'vitest'
import { defaultConfig, resolveConfig } from './config'

describe('the parameters of the prototype', () => {
  it('have the defaults of its README', () => {
    expect(resolveConfig()).toEqual(defaultConfig)
    expect(resolveConfig({ topK: undefined })).toMatchObject({
      deltaDfsThreshold: 0.3,
      bufferSize: 4,
      poolSize: [8, 8],
      topK: 5,
      queueSize: 4,
    })
  })

  it.each([
    ['gammaThreshold', -0.1],
    ['gammaThreshold', 1.1],
    ['deltaDfsThreshold', Number.NaN],
    ['bufferSize', 0],
    ['bufferSize', 33],
    ['bufferSize', 2.5],
    ['topK', 21],
    ['queueSize', 65],
    ['poolSize', [1, 8]],
    ['poolSize', [8, 17]],
  ])('%s refuses %s', (name, value) => {
    expect(() => resolveConfig({ [name]: value })).toThrow(new RegExp(`${name} is `))
  })

  it.each([
    ['gammaThreshold', 0],
    ['gammaThreshold', 1],
    ['bufferSize', 32],
    ['topK', 20],
    ['queueSize', 64],
    ['poolSize', [2, 16]],
  ])('%s takes %s', (name, value) => {
    expect(resolveConfig({ [name]: value })).toMatchObject({ [name]: value })
  })
})
