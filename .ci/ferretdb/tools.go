//go:build tools

// Keeps the server that the tests run on among the requirements, so that go.sum locks it and all that it is built from.
package tools

import _ "github.com/FerretDB/FerretDB/cmd/ferretdb"
