import asc from 'assemblyscript/asc'

/**
 * Compiles an AssemblyScript file to a WASM SIMD module that imports its memory.
 * @param {string} root the folder that `file` is relative to
 * @param {string} file
 * @returns {Promise<Uint8Array>}
 */
export async function compileKernel(root, file) {
  let binary
  const { error, stderr } = await asc.main(
    [
      file,
      '--baseDir',
      root,
      '--outFile',
      'kernel.wasm',
      '-O3',
      '--noAssert',
      '--runtime',
      'stub',
      '--importMemory',
      '--enable',
      'simd',
    ],
    {
      writeFile: (name, contents) => {
        if (name.endsWith('.wasm')) binary = contents
      },
    },
  )
  if (error || !binary) throw new TypeError(`${file} could not be compiled: ${stderr}`, { cause: error })
  return binary
}
