/** Spanish: whether somebody is who they say. */
export const sayings = {
  "identity.confirm": "{codename}: {callSign} es {name} ({user}) y esta identidad es suya:",
  "identity.confirm-fingerprint": "{fingerprint}",
  "identity.confirm-only-if": "Confírmalo solo si te la ha enseñado o leído esa misma persona, cara a cara o con una voz que conoces; nunca a partir de un mensaje.",
  "identity.yourself": "No se ha hecho: nadie se confirma a sí mismo. Otra persona que administre y tenga su identidad confirmada escribe  {line}",
  "identity.already": "Nada que hacer: la identidad de {callSign} está {state}.",
  "identity.not-in": "No se ha hecho: {callSign} no está en este caso.",
  "identity.you-first": "No se ha hecho: tu propia identidad aún no está confirmada y tu palabra sobre otra no prueba nada.",
  "identity.needed": "No se ha hecho: tu identidad aún no está confirmada y aquí hace falta para esto.",
  "identity.how-alone": "Empieza una verificación conmigo desde tu aplicación (mi perfil, Verificar) y avisa antes a una persona propietaria: le preguntaré si ves lo mismo. O dale la huella de tu identidad para el acuerdo. En un caso, quien lo administre con identidad confirmada también puede escribir  {line}",
  "identity.how": "Llama a {who}. Después empieza una verificación conmigo desde tu aplicación (mi perfil, Verificar) y lee lo que muestra; o deja que compare tu identidad contigo y escriba  {line}",
  "identity.state-open": "sin confirmar aún",
  "identity.state": "{how, select, config {confirmada por quien opera el sistema} agreement {confirmada por el acuerdo} compared {confirmada por emojis} other {confirmada en persona}}",
  "identity.state-by": "{how, select, agreement {confirmada por {by} según el acuerdo} compared {confirmada por {by} con emojis} other {confirmada por {by} en persona}}",
} as const;

export const words = {} as const;
