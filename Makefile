.PHONY: build test lint bench golden pack

build:
	dotnet build Weft.slnx -c Release

test:
	./test.sh

lint:
	for project in src/Weft src/Weft.Cli samples/OwnLayer tests/Weft.Tests benchmarks/Weft.Benchmarks benchmarks/peers benchmarks/distributed; do dotnet format $$project --verify-no-changes || exit 1; done

bench:
	dotnet run --project benchmarks/Weft.Benchmarks -c Release -- --filter '*'

golden:
	dotnet test tests/Weft.Tests.Float64 -c Release --filter FullyQualifiedName~Golden

pack:
	dotnet pack src/Weft -c Release && dotnet pack src/Weft.Cli -c Release
