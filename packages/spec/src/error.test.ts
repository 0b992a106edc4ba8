import { describe, expect, it } from 'vitest'
import { PerStreamError } from './index'

describe('PerStreamError', () => {
  it('carries code, fields and cause', () => {
    const cause = new Error('disk')
    const error = new PerStreamError('store-corrupt', 'the journal is damaged', { fields: { path: '/m' }, cause })
    expect(error).toMatchObject({ name: 'PerStreamError', code: 'store-corrupt', fields: { path: '/m' }, cause })
    expect(JSON.stringify(error)).not.toContain('Symbol')
  })

  it('is recognised across copies of the package, by its marker', () => {
    const foreign = Object.assign(new Error('x'), { [Symbol.for('perstream.error')]: true })
    expect(PerStreamError.isInstance(foreign)).toBe(true)
    expect(PerStreamError.isInstance(new PerStreamError('input-invalid', 'x'))).toBe(true)
    expect(PerStreamError.isInstance(new Error('x'))).toBe(false)
    expect(PerStreamError.isInstance(null)).toBe(false)
  })
})
