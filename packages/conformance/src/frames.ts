import type { Frame, RgbImage } from '@perstream/spec'

/** A frame whose only size is that of its picture. Counts how often its pixels were read. */
export function frameOf(image: RgbImage, index = 0): Frame & { reads: number } {
  const release = () => {}
  const { width, height } = image
  const frame = {
    index,
    seconds: index,
    width,
    height,
    reads: 0,
    pixels: async () => {
      frame.reads++
      return image
    },
    release,
    [Symbol.dispose]: release,
  }
  return frame
}

/** A picture of smooth waves of colour; another phase, another picture. */
export function waves(width: number, height: number, phase = 0): RgbImage {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y, channel] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3]
    return 128 + 100 * Math.sin(phase + x / 9 + (channel * y) / 14)
  })
  return { data, width, height }
}

/** A picture of one grey. */
export function plain(width: number, height: number): RgbImage {
  return { data: new Uint8Array(width * height * 3).fill(128), width, height }
}
