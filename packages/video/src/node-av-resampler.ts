import type { Frame } from 'node-av/lib'
import { Refusal } from './node-av-input'
import type { NodeAv } from './node-av-library'
import { soundFilters } from './sound'

/** Brings decoded sound to mono floats of one rate, in the place where it belongs. */
export interface Resampler {
  /** Whether a frame has the format that it was made for. */
  takes(frame: Frame): boolean
  /** Takes a frame, whose time counts from the first sample wanted; gives what is ready. */
  push(frame: Frame): Float32Array[]
  /** Gives what is left. */
  flush(): Float32Array[]
  close(): void
}

/** Makes the resampler for frames like the one given. @throws Refusal when FFmpeg cannot convert them */
export function createResampler(
  { lib, constants }: NodeAv,
  like: Frame,
  timeBase: { readonly num: number; readonly den: number },
  rate: number,
): Resampler {
  const { sampleRate, format, channelLayout } = like
  const { nbChannels } = channelLayout
  const layout = channelLayout.order === constants.AV_CHANNEL_ORDER_NATIVE ? `0x${channelLayout.mask.toString(16)}` : ''
  const source = [
    `time_base=${timeBase.num}/${timeBase.den}`,
    `sample_rate=${sampleRate}`,
    `sample_fmt=${format}`,
    layout ? `channel_layout=${layout}` : `channels=${nbChannels}`,
  ]
  const graph = new lib.FilterGraph()
  graph.alloc()
  const parsed = graph.parsePtr(`abuffer@in=${source.join(':')},${soundFilters(rate)},abuffersink@out`)
  const configured = parsed < 0 ? parsed : graph.configSync()
  const input = graph.getFilter('abuffer@in')
  const output = graph.getFilter('abuffersink@out')
  if (configured < 0 || !input || !output) {
    graph.free()
    throw new Refusal('unreadable', 'its sound cannot be converted')
  }
  const made = new lib.Frame()
  made.alloc()
  const pull = () => {
    const parts: Float32Array[] = []
    while (output.buffersinkGetFrameSync(made) >= 0) {
      const bytes = made.data![0]!
      parts.push(new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + made.nbSamples * 4)))
      made.unref()
    }
    return parts
  }
  return {
    takes: (frame) =>
      frame.sampleRate === sampleRate && frame.format === format && frame.channelLayout.nbChannels === nbChannels,
    push(frame) {
      input.buffersrcAddFrameSync(frame, constants.AV_BUFFERSRC_FLAG_KEEP_REF)
      return pull()
    },
    flush() {
      input.buffersrcAddFrameSync(null)
      return pull()
    },
    close() {
      made.free()
      graph.free()
    },
  }
}
