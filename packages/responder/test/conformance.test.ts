import { answererContract, speakPolicyContract } from '@perstream/conformance'
import { describe } from 'vitest'
import { createExtractiveAnswerer, createQuietPolicy, neverSpeak } from '../src/index'
import { captionOf, memoryOf, momentOf } from './fixtures'

describe('createExtractiveAnswerer', () => answererContract(createExtractiveAnswerer))

const milk = memoryOf({ text: 'Remember to buy milk.', origin: 'told' })
describe('createQuietPolicy', () => {
  speakPolicyContract({ create: createQuietPolicy, speaking: momentOf([captionOf('WHOLE MILK 1.29')], [milk]) })
})
describe('neverSpeak', () => speakPolicyContract({ create: neverSpeak, speaking: undefined }))
