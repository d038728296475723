/** Sends the event streams of the API: CloudFront -> Function URL -> Lambda with response streaming. */
import { createAwsApp } from '../aws-app.ts';
import { createStreamHandler } from '../streaming.ts';

const { app } = createAwsApp(process.env);

export const handler = createStreamHandler(app);
