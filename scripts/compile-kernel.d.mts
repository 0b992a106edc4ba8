export function compileKernel(root: string, file: string): Promise<Uint8Array>
