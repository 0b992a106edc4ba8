import { describe, expect, it } from 'vitest'
import { otherForms } from './verb-forms'
import { searchTerms } from './words'

describe('otherForms', () => {
  it.each([
    ['wear', ['wore', 'worn']],
    ['ate', ['eat', 'eaten']],
    ['driven', ['drive', 'drove']],
    ['lamp', []],
  ])('finds those of %s as they are indexed', (word, others) => {
    expect(searchTerms(word).flatMap(otherForms)).toEqual(others.flatMap(searchTerms))
  })
})
