// Public API of the pipelines room: the tasks in one call.
export {
  pipeline,
  PipelineError,
  type Answer,
  type Caption,
  type CaptionOptions,
  type ImageTextMatching,
  type ImageToText,
  type Match,
  type VisualQuestionAnswering,
} from './pipeline';
