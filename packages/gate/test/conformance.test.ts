import { rememberGateContract, textEncoderContract } from '@perstream/conformance'
import type { GateMode } from '@perstream/spec'
import { describe } from 'vitest'
import { createRememberGate } from '../src/index'
import { createWordEncoder } from './word-encoder'

const texts = [
  'I was born on 4 May 1990 in Turin.',
  'TOTAL 12.40 EUR CASH',
  'A wooden table.',
  'Remember to call my sister.',
]

describe.each<GateMode>(['relative', 'absolute', 'per-patch', 'calibrated'])('mode %s', (mode) => {
  rememberGateContract(async () => {
    const text = createWordEncoder()
    return {
      gate: await createRememberGate({ text, mode, threshold: mode === 'absolute' ? 0.05 : 0.2 }),
      vectors: await text.encode(texts),
    }
  })
})

describe('the word encoder of the tests', () => {
  textEncoderContract(() => createWordEncoder())
})
