"""The consumer: the only package that touches private parts of Faust and aiokafka."""
