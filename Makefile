.PHONY: build test lint bench golden pack

build:
	dotnet build Weft.slnx -c Release

test:
	./test.sh

lint:
	dotnet format Weft.slnx --verify-no-changes

bench:
	dotnet run --project benchmarks/Weft.Benchmarks -c Release -- --filter '*'

golden:
	dotnet test tests/Weft.Tests.Float64 -c Release --filter FullyQualifiedName~Golden

pack:
	dotnet pack src/Weft -c Release && dotnet pack src/Weft.Cli -c Release
