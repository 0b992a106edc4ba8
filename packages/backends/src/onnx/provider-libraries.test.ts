import { describe, expect, it } from 'vitest'
import { absentLibrary, cudaRequirements, missingProvider } from './provider-libraries'

describe.runIf(process.platform === 'linux')('provider libraries (skipped elsewhere than on Linux)', () => {
  it('names the library that the system does not find', () => {
    expect(absentLibrary('libc.so.6')).toBeUndefined()
    expect(absentLibrary('libnone.so.9')).toMatch(/libnone\.so\.9.*cannot open/)
  })

  it('lists what cuda needs, and where what is missing comes from', () => {
    const table = cudaRequirements()
    expect(table.map(({ name }) => name)).toContain('libonnxruntime_providers_cuda.so')
    expect(table.map(({ name }) => name)).toContain('libcudnn.so.9')
    const missing = table.filter(({ found }) => !found)
    for (const { detail, source } of missing) expect([detail, source]).not.toContain('')
    const provider = table.find(({ name }) => name === 'libonnxruntime_providers_cuda.so')!
    expect(provider.source).toMatch(/pip download --no-deps onnxruntime-gpu==1\.\d+\.\d+.*onnxruntime\/capi/)
    if (!provider.found) expect(missingProvider('cuda')).toMatch(/provider library libonnxruntime_providers/)
  })
})
