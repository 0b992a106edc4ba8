import { PerStreamError } from '@perstream/spec'
import type { Library } from '../library'
import type { ModelFolder } from '../model-folder'
import { openMoonshine } from './moonshine'
import type { OpenParts, SpeechModel } from './transcribed'
import { openWhisper } from './whisper'

/** Opens the speech model of a folder, of whichever family it is. @throws PerStreamError `model-unsupported` for another family */
export async function openSpeechModel(
  options: OpenParts & {
    readonly folder: ModelFolder
    readonly library: Library
    readonly language: string | undefined
    readonly timestamps?: boolean | undefined
  },
): Promise<SpeechModel> {
  const { folder, signal } = options
  const config = await folder.readJson('config.json', { signal })
  if (config.model_type === 'whisper') return openWhisper({ ...options, config })
  if (config.model_type === 'moonshine') return openMoonshine({ ...options, config })
  throw new PerStreamError(
    'model-unsupported',
    `The model ${folder.location} is of type "${String(config.model_type)}": speech is heard with "whisper" and "moonshine".`,
    { fields: { location: folder.location, type: config.model_type } },
  )
}
