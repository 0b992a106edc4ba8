import { Command } from 'commander'
import type { CommandContext } from './context'
import { UsageError } from './exit'
import { modelsImportCommand } from './models-import'
import { modelsListCommand } from './models-list'
import { modelsPullCommand } from './models-pull'
import { modelsPathCommand, modelsVerifyCommand } from './models-verify'

export function modelsCommand(context: CommandContext): Command {
  const models = new Command('models')
    .description('the models on this machine: get them, make them ready, check them')
    .addHelpText('after', examples)
  for (const command of [
    modelsListCommand,
    modelsImportCommand,
    modelsPullCommand,
    modelsPathCommand,
    modelsVerifyCommand,
  ])
    models.addCommand(command(context).exitOverride())
  return models.allowExcessArguments().action((_options, command: Command) => {
    const [unknown] = command.args
    if (unknown !== undefined)
      throw new UsageError(`There is no command "models ${unknown}". perstream models --help shows what there is.`)
    command.outputHelp()
  })
}

const examples = `
Examples:
  perstream models pull sentence-transformers/all-MiniLM-L6-v2
  perstream models import all-MiniLM-L6-v2 --dtype int8
  perstream models list
  perstream models verify all-MiniLM-L6-v2
  perstream reembed memory --text all-MiniLM-L6-v2

The folder of the models is --models, else PERSTREAM_MODELS, else perstream/models in the user's cache folder.
HF_TOKEN opens private models, HF_ENDPOINT names another hub, PERSTREAM_OFFLINE=1 asks no hub.`
