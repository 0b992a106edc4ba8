export { buildPassivePrompt, type PassiveMemory } from './compat/passive'
export { buildProactiveMemoryBlock, type ProactiveMemory, parseProactiveReply, recordReply } from './compat/proactive'
export { dummyImageSide, layVisuals, type VisualMemory } from './compat/visuals'
