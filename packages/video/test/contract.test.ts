import { join } from 'node:path'
import { type ContractClip, frameSourceContract, keyframeSelectorContract, renderBarClip } from '@perstream/conformance'
import { createFlowKeyframes, createIntervalKeyframes, createSceneKeyframes } from '@perstream/video'
import { ffmpegDriver } from '@perstream/video/ffmpeg'
import { nodeAvDriver } from '@perstream/video/node-av'
import { afterAll, beforeAll } from 'vitest'
import { ffmpeg, noFfmpeg, temporaryFolder } from './media'

let folder: Awaited<ReturnType<typeof temporaryFolder>>

const even = (index: number) => index / 30
const uneven = (index: number) => index / 30 + (index % 3) * 0.009
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '25', '-pix_fmt', 'yuv420p']
const varying = ['-vf', 'settb=1/3000,setpts=(N/30+mod(N\\,3)*0.009)/TB', '-vsync', '0', '-enc_time_base', '1/3000']

interface Recipe extends Omit<ContractClip, 'path' | 'frames' | 'width' | 'height' | 'secondsOf'> {
  readonly file: string
  readonly output: readonly string[]
  readonly secondsOf?: (index: number) => number
}

const recipes: readonly Recipe[] = [
  { name: 'mp4, H.264 with B-frames', file: 'a.mp4', output: x264 },
  { name: 'mov, MPEG-4', file: 'a.mov', output: ['-c:v', 'mpeg4', '-q:v', '2', '-g', '20'] },
  { name: 'mkv, H.264', file: 'a.mkv', output: x264 },
  {
    name: 'webm, VP8',
    file: 'a.webm',
    output: ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '2M', '-g', '25'],
  },
  { name: 'avi, MPEG-4', file: 'a.avi', output: ['-c:v', 'mpeg4', '-q:v', '2', '-g', '20'] },
  { name: 'ts, H.264', file: 'a.ts', output: x264 },
  { name: 'mp4, variable frame rate', file: 'v.mp4', output: [...varying, ...x264], secondsOf: uneven },
  { name: 'mkv, variable frame rate', file: 'v.mkv', output: [...varying, ...x264], secondsOf: uneven },
]
const frames = 80
const size = { width: 320, height: 240 }

const clips: ContractClip[] = recipes.map(({ name, file, secondsOf = even }) => ({
  name,
  path: () => join(folder.path, file),
  frames,
  ...size,
  secondsOf,
}))
const turned: ContractClip = {
  name: 'mp4, turned by a quarter',
  path: () => join(folder.path, 'turned.mp4'),
  frames,
  width: size.height,
  height: size.width,
  secondsOf: even,
  axis: 'y',
}

beforeAll(async () => {
  folder = await temporaryFolder()
  if (noFfmpeg) return
  for (const { file, output } of recipes) await renderBarClip(join(folder.path, file), { frames, ...size, output })
  const plain = join(folder.path, 'a.mp4')
  await ffmpeg('-i', plain, '-c', 'copy', '-metadata:s:v', 'rotate=90', turned.path())
})

afterAll(() => folder.remove())

for (const driver of [nodeAvDriver, ffmpegDriver])
  frameSourceContract({ name: driver().name, create: () => driver(), clips: [...clips, turned], skip: noFfmpeg })

keyframeSelectorContract({ name: 'flow', create: () => createFlowKeyframes(), held: 2 })
keyframeSelectorContract({
  name: 'flow, TypeScript',
  create: () => createFlowKeyframes({ engine: 'typescript' }),
  held: 2,
})
keyframeSelectorContract({ name: 'scene', create: () => createSceneKeyframes(), held: 1 })
keyframeSelectorContract({ name: 'interval', create: () => createIntervalKeyframes(), held: 1 })
