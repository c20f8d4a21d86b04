/** The bare machine's side of http.command, a process of its own: Nest on Fastify, one POST, the same DTO, the same validation, nothing behind it. */
import 'reflect-metadata';
import { Body, Controller, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { RegisterEnterpriseDto } from '../../dist/libs/enterprises/src/enterprises.dto.js';
import { inputValidation } from '../../dist/libs/http/src/validation.js';

class EmptyController {
  register(body) {
    return { stream: body.creditCode, revision: 0, position: 1, events: 1, replayed: false };
  }
}
const { prototype } = EmptyController;
Body()(prototype, 'register', 0);
Reflect.defineMetadata('design:paramtypes', [RegisterEnterpriseDto], prototype, 'register');
Post()(prototype, 'register', Object.getOwnPropertyDescriptor(prototype, 'register'));
Controller('v1/enterprises')(EmptyController);

class EmptyModule {}
Module({ controllers: [EmptyController] })(EmptyModule);

const app = await NestFactory.create(EmptyModule, new FastifyAdapter(), { logger: false });
app.useGlobalPipes(inputValidation());
await app.listen(0, '127.0.0.1');
process.send({ port: app.getHttpServer().address().port });
process.once('disconnect', () => process.exit(0));
