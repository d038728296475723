/** Sends the event streams of the API: CloudFront -> Function URL -> Lambda with response streaming. */
import { createAwsApp } from './lambda/app.ts';
import { createStreamHandler } from './lambda/streaming.ts';

const { app } = createAwsApp(process.env);

export const handler = createStreamHandler(app);
